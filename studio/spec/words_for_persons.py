"""Words that speak of a person, in the larger languages: singular forms, and plurals that differ.

Case, accents and endings such as -s are the affair of `subjects`.  A word that is missing here is
asked about, so that completeness is comfort, not safety.
"""

ENGLISH = """
person persons people human humans human-being individual somebody someone anyone man men woman
women gentleman gentlemen lady guy bloke dude chap lad lass fella fellow gal male female boy girl
child children kid baby infant newborn toddler tot teen teenager youth adolescent adult grownup
senior elder pensioner oldie twin triplet sibling orphan
mother mom mommy mum mummy mama mam ma father dad daddy papa pa pop pops parent brother bro sister
sis son daughter grandmother grandma granny gran nan nana grandfather grandpa granddad grandad gramps
grandparent grandson granddaughter grandchild grandchildren uncle aunt auntie aunty nephew niece
cousin wife wives husband hubby spouse partner fiance fiancee bride groom bridegroom bridesmaid
godfather godmother godson goddaughter godchild stepmother stepfather stepson stepdaughter inlaw
inlaws family folks relative ancestor widow widower girlfriend boyfriend friend bestie buddy pal mate
lover crush sweetheart couple newlyweds neighbor neighbour roommate flatmate colleague coworker boss
employee classmate stranger crowd team audience group
i me myself my-self self selfie we us ourselves you yourself he him himself she her herself they them
themself themselves
face portrait headshot mugshot selfportrait head body hair beard moustache mustache smile lips torso
hand hands eyes skin
actor actress artist athlete author baker ballerina barber barista bartender biker blogger boxer
builder butcher captain carpenter celebrity celeb chef cheerleader child-model clerk climber clown
coach comedian comic composer conductor cook cop cosplayer courier cowboy cowgirl crossdresser cyclist
dancer dentist designer detective director diver dj doctor driver drummer editor electrician engineer
farmer firefighter fisherman footballer gamer gardener goalkeeper golfer gymnast guitarist guard
hairdresser hiker influencer instructor inventor janitor jockey journalist judge juggler lawyer
leader lecturer librarian lifeguard magician maid mailman manager mayor mechanic medic midwife miner
minister monk musician nanny ninja nun nurse nursemaid officer operator painter paramedic performer
pharmacist photographer physician pianist pilot pirate player plumber poet police policeman
policewoman politician postman preacher president priest prince princess professor programmer
psychologist rapper receptionist referee reporter rider runner sailor salesman samurai scientist
sculptor secretary senator sergeant shepherd singer skater skier snowboarder soldier solicitor
speaker sportsman student superhero superstar surfer surgeon swimmer tailor teacher technician
therapist trainer tourist veteran viking violinist waiter waitress warrior weaver welder wizard witch
worker writer wrestler youtuber streamer tiktoker vlogger idol diva king queen knight emperor empress
duke duchess lord count countess baron pope bishop imam rabbi saint angel fairy elf mermaid vampire
graduate pupil schoolboy schoolgirl scout hero heroine villain citizen customer client guest host
hostess patient victim visitor tenant passenger pedestrian walker commuter spectator fan nobleman
caveman caucasian asian african european american blonde brunette redhead ginger nude hipster goth
punk hippie nomad refugee muslim christian jew jewish buddhist hindu
mr mrs ms miss mister dr prof sir madam
"""

OTHER = {
    "de": """mensch menschen person personen leute mann manner frau frauen kind kinder junge jungen jungs kerl
    bub buben madchen baby babys saugling teenager jugendlicher jugendliche erwachsener erwachsene
    mutter mutti mama vater vati papa eltern bruder schwester geschwister sohn tochter oma opa
    grossmutter grossvater grosseltern enkel enkelin onkel tante neffe nichte cousin cousine vetter
    ehefrau ehemann gatte gattin braut brautigam verlobter verlobte freund freundin freunde kumpel
    kollege kollegin nachbar nachbarin gesicht ich mich mir selbst wir dame herr lehrer lehrerin arzt
    arztin schauspieler schauspielerin sanger sangerin spieler spielerin tanzer tanzerin familie paar
    polizist polizistin koch kochin verkaufer student studentin schuler schulerin selbstportrat""",
    "fr": """personne personnes gens homme hommes femme femmes enfant enfants garcon garcons fille
    filles fillette bebe bebes nourrisson ado adolescent adolescente adulte mere maman pere papa
    parents frere soeur fils tante tata tonton oncle neveu niece cousin cousine grand-mere grand-pere
    mamie papi papy meme pepe mamy epouse epoux mari mariee marie fiance fiancee copain copine ami
    amie amis amies voisin voisine visage portrait moi je nous lui elle dame monsieur madame
    mademoiselle humain humaine acteur actrice chanteur chanteuse danseur danseuse joueur joueuse
    professeur medecin infirmiere etudiant etudiante collegue famille couple mec nana gosse gamin
    gamine""",
    "es": """persona personas gente hombre hombres mujer mujeres nino ninos nina ninas chico chica
    chicos chicas muchacho muchacha bebe bebes joven adolescente adulto adulta madre mama mami padre
    papa papi padres hermano hermana hermanos hijo hija hijos abuela abuelo abuelita abuelito nieto
    nieta tio tia sobrino sobrina primo prima esposa esposo marido novia novio prometida amigo amiga
    amigos vecino vecina cara rostro retrato yo mismo nosotros ella ellos senor senora senorita
    humano humana actor actriz cantante bailarina jugador jugadora profesor profesora medico
    enfermera estudiante familia pareja companero companera tipo""",
    "it": """persona persone gente uomo uomini donna donne bambino bambina bambini bambine ragazzo
    ragazza ragazzi ragazze neonato neonata adolescente adulto adulta madre mamma padre papa babbo
    genitori fratello sorella fratelli sorelle figlio figlia figli nonna nonno nonni nipote zio zia
    cugino cugina moglie marito sposa sposo fidanzata fidanzato amico amica amici vicino viso volto
    faccia ritratto io me noi lei lui signore signora signorina umano attore attrice cantante
    ballerina giocatore professore professoressa medico infermiera studente studentessa famiglia
    coppia collega""",
    "pt": """pessoa pessoas gente homem homens mulher mulheres crianca criancas menino menina meninos
    meninas rapaz rapariga garoto garota moca moco bebe bebes adolescente adulto mae mamae pai papai
    pais irmao irma irmaos filho filha filhos avo vovo neto neta tio tia sobrinho sobrinha primo
    prima esposa esposo marido noiva noivo namorada namorado amigo amiga amigos vizinho vizinha rosto
    cara retrato eu mim nos ela ele senhor senhora humano ator atriz cantor cantora bailarina jogador
    jogadora professor professora medico enfermeira estudante familia casal colega""",
    "nl": """mens mensen persoon personen man mannen vrouw vrouwen kind kinderen jongen jongens meisje
    meisjes baby peuter kleuter tiener volwassene moeder mama vader papa ouders broer broers zus
    zussen zuster zoon dochter oma opa grootmoeder grootvader kleinkind oom tante neef nicht
    echtgenote echtgenoot bruid bruidegom verloofde vriend vriendin vrienden buurman buurvrouw gezicht
    portret ik mij mezelf wij zij hij dame heer acteur actrice zanger zangeres danseres speler leraar
    lerares dokter verpleegster student familie collega""",
    "pl": """osoba osoby ludzie czlowiek mezczyzna mezczyzni kobieta kobiety dziecko dzieci chlopiec
    chlopcy chlopak dziewczyna dziewczynka dziewczyny niemowle nastolatek nastolatka dorosly matka
    mama ojciec tata rodzice brat siostra syn corka babcia dziadek wnuk wnuczka wujek wuj ciocia
    ciotka kuzyn kuzynka zona maz panna narzeczona narzeczony przyjaciel przyjaciolka kolega kolezanka
    sasiad sasiadka twarz portret ja ona pani pan aktor aktorka piosenkarka piosenkarz tancerka
    gracz nauczyciel nauczycielka lekarz lekarka student studentka rodzina para""",
    "ru": """человек люди персона мужчина мужчины женщина женщины ребенок дети мальчик мальчики девочка
    девочки девушка девушки парень парни младенец малыш малышка подросток взрослый мать мама мамочка
    отец папа родители брат сестра братья сестры сын дочь дочка бабушка дедушка внук внучка дядя тетя
    племянник племянница жена муж невеста жених супруга супруг друг подруга друзья сосед соседка лицо
    портрет селфи я мы она он себя господин госпожа актер актриса певец певица танцовщица игрок
    учитель учительница врач медсестра студент студентка семья пара""",
    "uk": """людина люди чоловік жінка дитина діти хлопчик дівчинка дівчина хлопець немовля мати мама
    батько тато брат сестра син дочка донька бабуся дідусь дружина друг подруга обличчя я""",
    "sv da nb": """manniska manniskor person personer man kvinna kvinnor kvinde kvinner bebis pojke
    pojkar flicka flickor pige piger jente jenter gutt gutter dreng drenge mamma pappa morfar
    mormor farmor farfar bror syster soster broder son dotter datter datter soster fru hustru make
    kone venn vanner ansikte ansigt ansikt jag jeg mig meg menneske mennesker tjej kille""",
    "fi cs hu ro tr": """ihminen mies miehet nainen naiset lapsi lapset poika tytto aiti isa veli sisko
    vaimo aviomies mummo ukki ystava kasvot mina osoba clovek lide muz muzi zena zeny dite deti chlapec
    kluk divka holka matka otec bratr sestra syn dcera babicka dedecek manzel manzelka kamarad pritel
    tvar ja ember emberek ferfi gyerek gyermek fiu lany anya apa testver feleseg ferj nagymama
    nagyapa barat barbat femeie copil copii baiat fata mama tata frate sora sotie sot bunica
    bunic prieten fata eu kisi insan adam kadin erkek cocuk kiz oglan bebek anne baba kardes abla abi
    ogul es karim kocam dede arkadas""",
    "id vi": """orang pria wanita laki perempuan anak bayi ibu ayah bapak kakak adik istri suami nenek
    kakek teman wajah saya aku nguoi phu gai trai""",
    "el ar he": """άνθρωπος άνδρας άντρας γυναίκα παιδί αγόρι κορίτσι μωρό μητέρα μαμά πατέρας μπαμπάς
    αδελφός αδελφή γιος κόρη γιαγιά παππούς φίλος φίλη πρόσωπο εγώ شخص إنسان رجل امرأة طفل طفلة ولد بنت
    أم أب أخ أخت ابن ابنة زوجة زوج زوجتي زوجي جدة جد صديق وجه أنا אדם איש אישה ילד ילדה תינוק אמא אבא
    אח אחות בן בת סבתא סבא חבר חברה פנים אני""",
}

UNSPACED = """
人 男 女 孩 儿童 兒童 婴儿 嬰兒 宝宝 寶寶 妈 媽 爸 母亲 母親 父亲 父親 爷爷 爺爺 奶奶 外婆 外公 姥姥 姥爷 祖母 祖父
妻子 老婆 丈夫 老公 妹 姐 姊 哥 弟 叔 伯 姨 姑 舅 儿子 兒子 朋友 同学 同學 同事 邻居 老师 老師 学生 學生 医生 醫生 护士
演员 歌手 新娘 新郎 自拍 脸 臉 肖像 我 你 他 她 家人 夫妻 情侣 少年 老头 老太 警察 司机 军人
ひと 子供 子ども こども 赤ちゃん 少女 お母さん お父さん 母 父 妻 夫 息子 娘 兄 姉 祖母 祖父 おばあ おじい おば おじ 友達 友人
顔 私 僕 俺 彼 彼女 先生 ママ パパ 家族 花嫁 花婿 俳優 選手 自撮り おとこ おんな ぼく わたし
사람 인간 남자 여자 남성 여성 아이 아기 어린이 소년 소녀 엄마 아빠 어머니 아버지 아내 남편 누나 언니 오빠 동생 형제
자매 아들 할머니 할아버지 이모 고모 삼촌 친구 얼굴 셀카 배우 가수 선생님 학생 의사 간호사 신부 신랑 가족
คน ผู้ชาย ผู้หญิง เด็ก แม่ พ่อ
"""
"""For writing without spaces: found anywhere in a word."""

PHRASES = """
pop star|rock star|movie star|film star|porn star|super star|tv star|football star
|soccer star|basketball star|baseball star|tennis star|hockey star|cinema star|hollywood star
|youtube star|tiktok star|internet star|music star|opera star|sports star|profile picture
|profile photo|passport photo|passport picture|baby photo|wedding photo|human being|old flame|better half
|other half|loved one|man of the house|bride to be|next of kin|sister in law
"""
